import { useRef } from "react";
import { Button } from "#shared/ui/button.tsx";
import { Confirm } from "#shared/ui/confirm.tsx";
import { counted } from "#shared/words/counts.ts";

interface GiveBackProps {
  readonly tickets: number;
  readonly busy: boolean;
  readonly onGiveBack: () => void;
}

export function GiveBack({ tickets, busy, onGiveBack }: GiveBackProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <Button look="plain" onClick={() => dialog.current?.showModal()}>
        Give the tickets back
      </Button>
      <Confirm
        dialog={dialog}
        question={`Give back ${counted(tickets, "ticket")}?`}
        yes="Give back"
        no="Keep them"
        busy={busy && "Giving back…"}
        onYes={onGiveBack}
      >
        Others can buy them at once. Nothing is charged.
      </Confirm>
    </>
  );
}
