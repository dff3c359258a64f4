import { useQuery } from "@tanstack/react-query";
import { eventsQuery, PER_PAGE } from "#shared/api/events.ts";
import type { EventPage } from "#shared/api/types.ts";
import { Button, ButtonLink } from "#shared/ui/button.tsx";
import { Heading } from "#shared/ui/heading.tsx";
import { ErrorNotice, Notice } from "#shared/ui/notice.tsx";
import { counted } from "#shared/words/counts.ts";
import { EventCard, EventCardSkeleton } from "./event-card.tsx";
import { Pager } from "./pager.tsx";
import { SearchForm } from "./search-form.tsx";
import styles from "./season-page.module.css";
import { type Search, useSearch } from "./use-search.ts";

/** What is on: every event as a poster, and a search that lives in the address, so it can be sent to a friend. */
export function SeasonPage() {
  const search = useSearch();
  const { data, error, refetch, isPlaceholderData } = useQuery(eventsQuery(search.filter));
  return (
    <>
      <div className={styles.top}>
        <Heading title="What is on" />
        <SearchForm search={search} />
      </div>
      <p role="status" className={styles.count}>
        {data && !isPlaceholderData ? found(data, search) : "\u00a0"}
      </p>
      {data ? <Events page={data} search={search} /> : <Waiting error={error} retry={() => void refetch()} />}
    </>
  );
}

function Events({ page, search }: { readonly page: EventPage; readonly search: Search }) {
  if (page.events.length === 0) {
    return (
      <Notice
        title={search.active ? "Nothing matches your search" : "Nothing is on at the moment"}
        actions={search.active && <ButtonLink href="/">Show every event</ButtonLink>}
      >
        {search.active
          ? "Try fewer words, another city or a wider range of dates."
          : "New events appear here as soon as they are published."}
      </Notice>
    );
  }
  return (
    <>
      <ul className={styles.grid}>
        {page.events.map((event, index) => (
          <EventCard key={event.id} event={event} first={index < 4} />
        ))}
      </ul>
      <Pager page={search.filter.page} pages={Math.ceil(page.total / PER_PAGE)} search={search} />
    </>
  );
}

function Waiting({ error, retry }: { readonly error: Error | null; readonly retry: () => void }) {
  if (error) {
    return (
      <ErrorNotice
        error={error}
        actions={
          <Button look="primary" onClick={retry}>
            Try again
          </Button>
        }
      />
    );
  }
  return (
    <ul className={styles.grid} aria-busy="true" aria-label="Loading the events">
      {Array.from({ length: 8 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all alike and never move
        <EventCardSkeleton key={index} />
      ))}
    </ul>
  );
}

function found(page: EventPage, search: Search): string {
  return search.active ? `${counted(page.total, "event")} found` : counted(page.total, "event");
}
