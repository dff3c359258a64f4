import { ButtonLink } from "#shared/ui/button.tsx";
import { EmptyPage } from "#shared/ui/empty-page.tsx";

export function NotFoundPage() {
  return (
    <EmptyPage
      title="There is no page here"
      text="The link may be old or mistyped. Your tickets are on the page your order's link leads to."
    >
      <ButtonLink href="/" look="primary">
        See what is on
      </ButtonLink>
    </EmptyPage>
  );
}
