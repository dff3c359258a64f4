export function eventPath(eventId: number): string {
  return `/events/${eventId}`;
}

export function queuePath(eventId: number): string {
  return `${eventPath(eventId)}/queue`;
}
