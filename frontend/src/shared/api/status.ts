import { queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import type { Status } from "./types.ts";

/** The server asks its own sources no more often than this. */
const EVERY_MS = 10_000;

export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: ({ signal }) => call<Status>("GET", "/api/status", { signal }),
  refetchInterval: EVERY_MS,
});
