import type { Place } from "#shared/api/types.ts";
import { useServerNow } from "#shared/time/use-server-now.ts";
import { Ticking } from "#shared/ui/ticking.tsx";
import { counted } from "#shared/words/counts.ts";
import { moment } from "#shared/words/dates.ts";
import { People } from "./people.tsx";
import styles from "./waiting.module.css";

/** A place before the sale: nobody has a number yet. */
export function Gathering({ place }: { readonly place: Place }) {
  const now = useServerNow();
  const left = place.opens_at === null ? 0 : Date.parse(place.opens_at) - now;
  return (
    <>
      <p className={styles.label}>You have a place</p>
      {left > 0 && place.opens_at !== null ? (
        <>
          <p className={styles.number}>
            <Ticking ms={left} />
          </p>
          <p className={styles.lead}>until the sale opens on {moment(place.opens_at)}</p>
        </>
      ) : (
        <p className={styles.lead}>The order is being drawn. You get your number within seconds.</p>
      )}
      <People />
      <p>{counted(place.waiting, "person has", "people have")} a place so far. The order is drawn by lot.</p>
    </>
  );
}
