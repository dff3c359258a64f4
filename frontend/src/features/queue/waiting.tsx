import type { EventDetail, Place } from "#shared/api/types.ts";
import { eventPath } from "#shared/place/paths.ts";
import { ButtonLink } from "#shared/ui/button.tsx";
import { Notice } from "#shared/ui/notice.tsx";
import { ticketsLeft } from "#shared/words/counts.ts";
import { EventLine } from "./event-line.tsx";
import { Gathering } from "./gathering.tsx";
import { InLine } from "./in-line.tsx";
import { Leave } from "./leave.tsx";
import { useSpokenPlace } from "./use-spoken-place.ts";
import styles from "./waiting.module.css";
import { numberWords } from "./words.ts";

interface WaitingProps {
  readonly event: EventDetail;
  readonly place: Place;
  /** Whether the shop did not answer the last time. */
  readonly lost: boolean;
}

/** Before the opening and in line: where one stands, what comes next, and the way out. */
export function Waiting({ event, place, lost }: WaitingProps) {
  const gathering = place.state === "gathering";
  useSpokenPlace(place);
  return (
    <div className={styles.page}>
      <EventLine
        event={event}
        tab={`${gathering ? "You have a place" : numberWords(place)}: ${event.name}`}
      />
      <section className={styles.card} aria-label="Your place">
        {gathering ? <Gathering place={place} /> : <InLine place={place} />}
        {lost && (
          <Notice tone="soon" title="The shop did not answer just now">
            Your place is kept. This page asks again by itself.
          </Notice>
        )}
      </section>
      <section className={styles.next}>
        <h2>What happens next</h2>
        <ol className={styles.steps}>
          {gathering && (
            <li>
              When the sale opens, the order is drawn by lot among all who have a place by then. Coming early
              gains nothing; whoever comes later stands behind.
            </li>
          )}
          <li>When it is your turn, this page goes on to the tickets by itself, and its tab says so.</li>
          <li>You then have a few minutes to choose. The page shows how many.</li>
          <li>What you choose is held for you while you pay.</li>
        </ol>
        <p>
          You may reload this page, open it in a second tab, or close it and come back within ten minutes:
          your place is kept. If your turn comes while you are away, others go first; once you are back, you
          are next.
        </p>
        <p className={styles.aside}>
          A place is no ticket: {ticketsLeft(event.available_tickets).toLowerCase()} at the moment, and there
          may be none when it is your turn.
        </p>
      </section>
      <div className={styles.ways}>
        <ButtonLink href={eventPath(event.id)}>See the event and what is left</ButtonLink>
        <Leave eventId={event.id} gathering={gathering} />
      </div>
    </div>
  );
}
