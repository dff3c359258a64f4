import type { EventDetail } from "#shared/api/types.ts";
import { eventPath } from "#shared/place/paths.ts";
import { useTakePlace } from "#shared/place/use-take-place.ts";
import { Button, ButtonLink } from "#shared/ui/button.tsx";
import { EmptyPage } from "#shared/ui/empty-page.tsx";
import { ErrorNotice } from "#shared/ui/notice.tsx";
import { PLACE_OVER } from "#shared/words/waiting.ts";

/** Whoever comes without a place, or whose place is over: nobody is put in line without asking for it. */
export function NoPlace({ event, expired }: { readonly event: EventDetail; readonly expired: boolean }) {
  const { take, taking, error } = useTakePlace(event.id);
  const { title, text } = expired ? PLACE_OVER : wayIn(event);
  return (
    <EmptyPage title={title} text={text}>
      <ErrorNotice error={error} />
      <Button look="primary" busy={taking && "One moment…"} onClick={take}>
        {expired ? "Take a new place" : "Take a place"}
      </Button>
      <ButtonLink href={eventPath(event.id)}>See the event</ButtonLink>
    </EmptyPage>
  );
}

function wayIn({ name }: EventDetail): { title: string; text: string } {
  return {
    title: "You have no place in line yet",
    text: `Tickets for ${name} are sold to one customer after another. Take a place, and this page says when it is your turn.`,
  };
}
