import { lazy, Suspense, useEffect } from "react";
import { Route, Switch } from "wouter";
import { EventPage } from "#features/event/event-page.tsx";
import { SeasonPage } from "#features/season/season-page.tsx";
import { Announcer } from "#shared/ui/announcer.tsx";
import styles from "./app.module.css";
import { CrashGuard } from "./crash-guard.tsx";
import { Footer, Header } from "./frame.tsx";
import { NotFoundPage } from "./not-found-page.tsx";
import { OfflineBar } from "./offline-bar.tsx";

// What a visitor needs first is in the first download; the way to the till follows while they choose.
const basketPage = () => import("#features/basket/basket-page.tsx");
const checkoutPage = () => import("#features/checkout/checkout-page.tsx");
const orderPage = () => import("#features/order/order-page.tsx");
const queuePage = () => import("#features/queue/queue-page.tsx");
const statusPage = () => import("#features/status/status-page.tsx");
const BasketPage = lazy(async () => ({ default: (await basketPage()).BasketPage }));
const CheckoutPage = lazy(async () => ({ default: (await checkoutPage()).CheckoutPage }));
const OrderPage = lazy(async () => ({ default: (await orderPage()).OrderPage }));
const QueuePage = lazy(async () => ({ default: (await queuePage()).QueuePage }));
const StatusPage = lazy(async () => ({ default: (await statusPage()).StatusPage }));

export function App() {
  useScrollToTop();
  return (
    <>
      <a href="#main" className={styles.skip}>
        Skip to the content
      </a>
      <Header />
      <OfflineBar />
      <main id="main" className={styles.main}>
        <CrashGuard>
          <Suspense>
            <Pages />
          </Suspense>
        </CrashGuard>
      </main>
      <Footer />
      <Announcer />
    </>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/" component={SeasonPage} />
      <Route path="/events/:id">
        {({ id }) => (/^\d+$/.test(id) ? <EventPage key={id} id={Number(id)} /> : <NotFoundPage />)}
      </Route>
      <Route path="/events/:id/queue">
        {({ id }) => (/^\d+$/.test(id) ? <QueuePage key={id} id={Number(id)} /> : <NotFoundPage />)}
      </Route>
      <Route path="/basket" component={BasketPage} />
      <Route path="/checkout" component={CheckoutPage} />
      <Route path="/orders/:id">{({ id }) => <OrderPage key={id} id={id} />}</Route>
      <Route path="/status" component={StatusPage} />
      <Route component={NotFoundPage} />
    </Switch>
  );
}

/** A new page starts at its top; going back keeps the place, which the browser does by itself. */
function useScrollToTop(): void {
  useEffect(() => {
    const toTop = () => window.scrollTo(0, 0);
    addEventListener("pushState", toTop);
    return () => removeEventListener("pushState", toTop);
  }, []);
}
