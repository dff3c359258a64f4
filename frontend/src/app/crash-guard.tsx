import { Component, type ReactNode } from "react";
import { Button } from "#shared/ui/button.tsx";
import { EmptyPage } from "#shared/ui/empty-page.tsx";

/**
 * Stands in when a page breaks, or when its code cannot be fetched and public/again.js cannot help: it has just asked
 * for the page once more, or there is no connection.
 */
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
