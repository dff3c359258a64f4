import type { EventDetail } from "#shared/api/types.ts";
import { eventPath } from "#shared/place/paths.ts";
import { offerOf, saleState } from "#shared/sale.ts";
import { serverNow } from "#shared/time/clock.ts";
import { ButtonLink } from "#shared/ui/button.tsx";
import { EmptyPage } from "#shared/ui/empty-page.tsx";
import { SOLD_OUT_ROOM } from "#shared/words/waiting.ts";

/** There is nothing to wait for any more, and the visitor is not left to wait for it. */
export function NothingLeft({ event }: { readonly event: EventDetail }) {
  const over = ["closed", "cancelled"].includes(saleState(offerOf(event), serverNow()));
  return (
    <EmptyPage
      title={over ? `The sale of ${event.name} has ended` : `${event.name} is sold out`}
      text={over ? "Nothing was held or charged." : SOLD_OUT_ROOM}
    >
      <ButtonLink href="/" look="primary">
        See what else is on
      </ButtonLink>
      <ButtonLink href={eventPath(event.id)}>Back to the event</ButtonLink>
    </EmptyPage>
  );
}
