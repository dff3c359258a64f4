import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useLocation } from "wouter";
import { leavePlace, placeQuery } from "#shared/api/place.ts";
import { eventPath } from "#shared/place/paths.ts";
import { Button } from "#shared/ui/button.tsx";
import { Confirm } from "#shared/ui/confirm.tsx";
import { ErrorNotice } from "#shared/ui/notice.tsx";

/** Gives the place up, after a question: it cannot be had back. */
export function Leave({ eventId }: { readonly eventId: number }) {
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
        Leave the line
      </Button>
      <Confirm
        dialog={dialog}
        question="Give your place up?"
        yes="Leave the line"
        no="Keep my place"
        busy={isPending && "Leaving…"}
        onYes={() => mutate()}
      >
        <p>Whoever is behind you moves up. If you come back, you start at the end of the line.</p>
        <ErrorNotice error={error} />
      </Confirm>
    </>
  );
}
