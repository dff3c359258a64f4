import { Link } from "wouter";
import { BasketLink } from "./basket-link.tsx";
import styles from "./frame.module.css";

export function Header() {
  return (
    <header className={styles.header}>
      <div className={styles.inner}>
        <Link href="/" className={styles.brand}>
          <svg viewBox="0 0 32 32" aria-hidden="true" className={styles.mark}>
            <path d="M4 7h24a1 1 0 0 1 1 1v5a3 3 0 0 0 0 6v5a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-5a3 3 0 0 0 0-6V8a1 1 0 0 1 1-1Z" />
            <path className={styles.tick} d="m11.5 16 3.2 3.2 6-6.4" />
          </svg>
          AegisTickets
        </Link>
        <BasketLink />
      </div>
    </header>
  );
}

export function Footer() {
  return (
    <footer className={styles.footer}>
      <div className={styles.inner}>
        <p>Held tickets are yours for ten minutes. You pay once, and only for tickets you get.</p>
        <Link href="/status" className={styles.aside}>
          Status
        </Link>
      </div>
    </footer>
  );
}
