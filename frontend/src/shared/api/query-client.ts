import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./problem.ts";

const ATTEMPTS = 3;
const LONGEST_WAIT_MS = 5000;

/** What passes by itself is asked again a few times; every repeated POST carries its first key. */
function again(failures: number, error: Error): boolean {
  return error instanceof ApiError && error.passing && failures < ATTEMPTS - 1;
}

function wait(failures: number, error: Error): number {
  const asked =
    error instanceof ApiError && error.retryAfter !== null ? error.retryAfter * 1000 : 400 * 2 ** failures;
  return Math.min(asked, LONGEST_WAIT_MS);
}

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { retry: again, retryDelay: wait, staleTime: 5000 },
      mutations: { retry: again, retryDelay: wait },
    },
  });
}
