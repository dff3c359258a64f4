import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useLocation } from "wouter";
import { leavePlace, placeQuery } from "#shared/api/place.ts";
import { eventPath } from "#shared/place/paths.ts";
import { Button } from "#shared/ui/button.tsx";
import { Confirm } from "#shared/ui/confirm.tsx";
import { ErrorNotice } from "#shared/ui/notice.tsx";

interface LeaveProps {
  readonly eventId: number;
  /** Whether the order is still to be drawn. */
  readonly gathering: boolean;
}

/** Gives the place up, after a question: it cannot be had back. */
export function Leave({ eventId, gathering }: LeaveProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const { mutate, isPending, error } = useMutation({
    mutationFn: async () => {
      await queries.cancelQueries({ queryKey: placeQuery(eventId).queryKey });
      await leavePlace(eventId);
    },
    onSuccess: () => {
      queries.setQueryData(placeQuery(eventId).queryKey, null);
      navigate(eventPath(eventId), { replace: true });
    },
  });
  return (
    <>
      <Button look="plain" onClick={() => dialog.current?.showModal()}>
        Give my place up
      </Button>
      <Confirm
        dialog={dialog}
        question="Give your place up?"
        yes="Give it up"
        no="Keep my place"
        busy={isPending && "One moment…"}
        onYes={() => mutate()}
      >
        <p>
          {gathering
            ? "You then take no part in the draw, unless you take a new place before the sale opens."
            : "Whoever is behind you moves up. If you come back, you start at the end of the line."}
        </p>
        <ErrorNotice error={error} />
      </Confirm>
    </>
  );
}
