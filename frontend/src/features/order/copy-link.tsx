import { useState } from "react";
import { announce } from "#shared/ui/announcer.tsx";
import { Button } from "#shared/ui/button.tsx";

export function CopyLink() {
  const [copied, setCopied] = useState(false);
  // Clipboards exist only where the page is served over TLS or from this machine.
  if (!navigator.clipboard) {
    return null;
  }
  async function copy() {
    await navigator.clipboard.writeText(location.href);
    setCopied(true);
    announce("The link is copied.");
  }
  return <Button onClick={() => void copy()}>{copied ? "Link copied" : "Copy the link"}</Button>;
}
