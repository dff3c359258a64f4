import { type ChangeEvent, useEffect, useRef, useState } from "react";
import styles from "./search-form.module.css";
import type { Search } from "./use-search.ts";

/** Long enough to finish a word, short enough not to wait for. */
const TYPING_PAUSE_MS = 250;

/** Searches while the visitor types; Enter does it at once. */
export function SearchForm({ search }: { readonly search: Search }) {
  const form = useRef<HTMLFormElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { q, city, from, to } = search.filter;
  const [more, setMore] = useState(Boolean(city || from || to));

  function searchNow() {
    clearTimeout(timer.current);
    if (form.current) {
      const fields = new FormData(form.current);
      const text = (name: string) => String(fields.get(name) ?? "").trim();
      search.change({ q: text("q"), city: text("city"), from: text("from"), to: text("to") });
    }
  }
  function searchSoon(event: ChangeEvent<HTMLFormElement>) {
    clearTimeout(timer.current);
    timer.current = setTimeout(searchNow, event.target.type === "date" ? 0 : TYPING_PAUSE_MS);
  }
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => followAddress(form.current, { q, city, from, to }), [q, city, from, to]);

  return (
    <search>
      <form
        ref={form}
        className={more ? styles.form : `${styles.form} ${styles.short}`}
        onChange={searchSoon}
        onSubmit={(event) => {
          event.preventDefault();
          searchNow();
        }}
      >
        <Field label="Event, artist or venue" name="q" type="search" value={q} />
        <Field label="City" name="city" type="search" value={city} />
        <Field label="From" name="from" type="date" value={from} />
        <Field label="Until" name="to" type="date" value={to} />
        <button type="button" className={styles.more} aria-expanded={more} onClick={() => setMore(!more)}>
          City and dates
        </button>
      </form>
    </search>
  );
}

/** After a way back or a link to every event the fields say what is shown; the one being typed in leads itself. */
function followAddress(form: HTMLFormElement | null, values: Readonly<Record<string, string>>): void {
  for (const input of form?.querySelectorAll("input") ?? []) {
    if (input !== document.activeElement) {
      input.value = values[input.name] ?? "";
    }
  }
}

function Field(props: {
  readonly label: string;
  readonly name: string;
  readonly type: string;
  readonly value: string;
}) {
  return (
    <label className={styles.field}>
      <span>{props.label}</span>
      <input
        className={styles.input}
        type={props.type}
        name={props.name}
        defaultValue={props.value}
        autoComplete="off"
      />
    </label>
  );
}
