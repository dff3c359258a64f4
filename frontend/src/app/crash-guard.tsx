import { Component, type ReactNode } from "react";
import { Button } from "#shared/ui/button.tsx";
import { EmptyPage } from "#shared/ui/empty-page.tsx";

/** Stands in when a page breaks or its code cannot be fetched, for example after a new version went live. */
export class CrashGuard extends Component<{ readonly children: ReactNode }, { readonly crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError() {
    return { crashed: true };
  }

  override render() {
    if (!this.state.crashed) {
      return this.props.children;
    }
    return (
      <EmptyPage
        title="This page did not open"
        text="Load it again. Tickets in your basket stay held until their time is over, and nothing was charged twice."
      >
        <Button look="primary" onClick={() => location.reload()}>
          Load again
        </Button>
      </EmptyPage>
    );
  }
}
