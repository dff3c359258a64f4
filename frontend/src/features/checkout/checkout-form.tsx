import { type FormEvent, useState } from "react";
import { ApiError } from "#shared/api/problem.ts";
import type { Basket, NewCheckout } from "#shared/api/types.ts";
import { ActionBar } from "#shared/ui/action-bar.tsx";
import { Button } from "#shared/ui/button.tsx";
import { Field } from "#shared/ui/field.tsx";
import { ErrorNotice } from "#shared/ui/notice.tsx";
import { sum } from "#shared/words/money.ts";
import styles from "./checkout-form.module.css";
import { useCheckout } from "./use-checkout.ts";

export function CheckoutForm({ basket }: { readonly basket: Basket }) {
  const [keepsLink, setKeepsLink] = useState(false);
  const [emailError, setEmailError] = useState<string | null>(null);
  const { pay, paying, error } = useCheckout();
  const free = basket.total === 0;
  const refused = error instanceof ApiError ? error : null;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const email = form.elements.namedItem("email");
    if (email instanceof HTMLInputElement && !email.checkValidity()) {
      setEmailError(
        email.validity.valueMissing
          ? "Enter your e-mail address, or keep the link."
          : "This is not a whole e-mail address.",
      );
      email.focus();
      return;
    }
    setEmailError(null);
    pay(basket, contactOf(new FormData(form)));
  }
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <h2>Where your tickets go</h2>
      {!keepsLink && (
        <Field
          label="E-mail"
          hint="Your tickets, and nothing else."
          error={emailError ?? refused?.fieldError("email") ?? null}
          name="email"
          type="email"
          inputMode="email"
          autoComplete="email"
          required
        />
      )}
      <label className={styles.check}>
        <input type="checkbox" checked={keepsLink} onChange={(event) => setKeepsLink(event.target.checked)} />
        <span>
          I keep the link instead
          <span className={styles.note}>
            The next page shows a link to your tickets. Without it, nobody can find them for you.
          </span>
        </span>
      </label>
      <Field
        label="Name on the order"
        hint="You may leave this empty."
        error={refused?.fieldError("name") ?? null}
        name="name"
        autoComplete="name"
        maxLength={200}
      />
      <ErrorNotice error={error} />
      <ActionBar summary={<span className={styles.barTotal}>{sum(basket.total, basket.currency)}</span>}>
        <Button type="submit" look="primary" busy={paying && "One moment…"}>
          {free ? "Get the tickets" : `Pay ${sum(basket.total, basket.currency)}`}
        </Button>
      </ActionBar>
      {!free && (
        <p className={styles.note}>You pay on the secure page of our payment provider and come back here.</p>
      )}
    </form>
  );
}

/** What the visitor filled in; an empty field is one not given. */
function contactOf(fields: FormData): Pick<NewCheckout, "email" | "name"> {
  const email = String(fields.get("email") ?? "").trim();
  const name = String(fields.get("name") ?? "").trim();
  return { ...(email && { email }), ...(name && { name }) };
}
