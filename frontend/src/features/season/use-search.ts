import { useSearchParams } from "wouter";
import type { EventFilter } from "#shared/api/events.ts";

export interface Search {
  readonly filter: EventFilter;
  /** Something is searched for. */
  readonly active: boolean;
  /** Search for other words, place or dates, from the first page. */
  readonly change: (part: Partial<Omit<EventFilter, "page">>) => void;
  readonly pageHref: (page: number) => string;
}

/** The search in the address: `/?q=jazz&city=Berlin&from=2026-12-01&page=2`. */
export function useSearch(): Search {
  const [params, setParams] = useSearchParams();
  const filter: EventFilter = {
    q: params.get("q") ?? "",
    city: params.get("city") ?? "",
    from: params.get("from") ?? "",
    to: params.get("to") ?? "",
    page: Math.max(1, Number.parseInt(params.get("page") ?? "1", 10) || 1),
  };
  return {
    filter,
    active: Boolean(filter.q || filter.city || filter.from || filter.to),
    change: (part) => setParams(paramsOf({ ...filter, ...part, page: 1 }), { replace: true }),
    pageHref: (page) => `/?${paramsOf({ ...filter, page })}`,
  };
}

function paramsOf(filter: EventFilter): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) {
    if (value !== "" && value !== 1) {
      params.set(name, String(value));
    }
  }
  return params;
}
