import { ButtonLink } from "#shared/ui/button.tsx";
import styles from "./pager.module.css";
import type { Search } from "./use-search.ts";

export function Pager(props: { readonly page: number; readonly pages: number; readonly search: Search }) {
  const { page, pages, search } = props;
  if (pages <= 1) {
    return null;
  }
  return (
    <nav className={styles.pager} aria-label="Pages of events">
      {page > 1 && <ButtonLink href={search.pageHref(page - 1)}>Earlier events</ButtonLink>}
      <span className={styles.place}>
        Page {page} of {pages}
      </span>
      {page < pages && <ButtonLink href={search.pageHref(page + 1)}>Later events</ButtonLink>}
    </nav>
  );
}
