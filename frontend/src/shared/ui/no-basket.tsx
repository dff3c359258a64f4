import { CLOSED_BASKET } from "#shared/words/errors.ts";
import { ButtonLink } from "./button.tsx";
import { EmptyPage } from "./empty-page.tsx";

/** Where a basket would be that never was, ran out, was given back or paid for: the page cannot tell which. */
export function NoBasket() {
  return (
    <EmptyPage title="Nothing is held for you" text={`Your basket is empty or closed. ${CLOSED_BASKET.text}`}>
      <ButtonLink href="/" look="primary">
        See what is on
      </ButtonLink>
    </EmptyPage>
  );
}
