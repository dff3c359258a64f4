/** Leaves the shop's own code for another page: the payment provider's. */
export function leaveFor(url: string): void {
  location.assign(url);
}
