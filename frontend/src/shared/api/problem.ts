/** What can go wrong, by the last part of the problem's `type`; `offline` is the browser's own. */
const KINDS = [
  "already-extended",
  "basket-bought",
  "basket-busy",
  "basket-empty",
  "basket-expired",
  "currency-mismatch",
  "idempotency-in-flight",
  "limit-reached",
  "no-place",
  "not-cancellable",
  "not-found",
  "not-on-sale",
  "offline",
  "order-state",
  "payment-declined",
  "price-changed",
  "seat-gone",
  "sold-out",
  "too-many-holds",
  "too-many-places",
  "room-full",
  "too-many-requests",
  "unavailable",
  "validation",
  "waiting-room",
] as const;

export type ProblemKind = (typeof KINDS)[number] | "unknown";

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** An RFC 9457 problem document as the API writes it. */
export interface ProblemDocument {
  readonly type?: string;
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly request_id?: string;
  readonly on_sale_at?: string;
  readonly errors?: readonly FieldError[];
}

/** A request that was refused, or that never got an answer (`kind` is then `offline`, `status` 0). */
export class ApiError extends Error {
  readonly kind: ProblemKind;
  readonly status: number;
  readonly problem: ProblemDocument;
  /** Seconds the server asked us to wait, if it did. */
  readonly retryAfter: number | null;

  constructor(status: number, problem: ProblemDocument, retryAfter: number | null = null) {
    super(problem.title ?? "The request failed");
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
    this.kind = kindOf(status, problem);
  }

  /** Asking again with the same idempotency key can still succeed. */
  get passing(): boolean {
    return (
      this.status >= 500 ||
      this.kind === "offline" ||
      this.kind === "basket-busy" ||
      this.kind === "idempotency-in-flight" ||
      this.kind === "too-many-requests"
    );
  }

  fieldError(field: string): string | null {
    return this.problem.errors?.find((error) => error.field === field)?.message ?? null;
  }
}

function kindOf(status: number, problem: ProblemDocument): ProblemKind {
  const slug = problem.type?.split("/").at(-1) ?? "";
  const known = KINDS.find((kind) => kind === slug);
  if (known) {
    return known;
  }
  if (status === 404) {
    return "not-found";
  }
  return status >= 500 ? "unavailable" : "unknown";
}

export function isProblem(error: unknown, kind: ProblemKind): boolean {
  return error instanceof ApiError && error.kind === kind;
}
