import { firstPosition } from "#shared/api/place.ts";
import type { Place } from "#shared/api/types.ts";
import { counted, whole } from "#shared/words/counts.ts";
import { Track } from "./track.tsx";
import styles from "./waiting.module.css";
import { turnWords } from "./words.ts";

/** A place with a number: how many go first, and about how long it takes. */
export function InLine({ place }: { readonly place: Place }) {
  const position = place.position ?? 1;
  return (
    <>
      <p className={styles.label}>{position <= 1 ? "In line" : "Your number in line"}</p>
      <p className={styles.number}>{position <= 1 ? "You are next" : whole(position)}</p>
      <p className={styles.lead}>{turnWords(place)}</p>
      <Track position={position} first={firstPosition(place.event_id)} />
      <p>{crowdWords(position, place.waiting)}</p>
    </>
  );
}

function crowdWords(position: number, waiting: number): string {
  const all = `${counted(waiting, "person waits", "people wait")} in all.`;
  return position <= 1 ? all : `${counted(position - 1, "person is", "people are")} before you. ${all}`;
}
