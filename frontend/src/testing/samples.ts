import type {
  Basket,
  Budget,
  EventDetail,
  Order,
  Place,
  Seat,
  Status,
  TicketType,
} from "#shared/api/types.ts";

const HOUR = 3_600_000;

export function inFuture(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

export function aTicketType(part: Partial<TicketType> = {}): TicketType {
  return {
    id: 11,
    name: "Standing",
    description: "",
    price: 45,
    currency: "EUR",
    available: 500,
    on_sale_at: inFuture(-HOUR),
    off_sale_at: inFuture(240 * HOUR),
    on_sale: true,
    max_per_order: 10,
    max_per_customer: null,
    seated: false,
    ...part,
  };
}

export function anEvent(part: Partial<EventDetail> = {}): EventDetail {
  return {
    id: 1,
    name: "Jazz Night",
    date: "2030-05-04",
    starts_at: "2030-05-04T17:30:00Z",
    timezone: "Europe/Berlin",
    venue: "Blue Room",
    city: "Berlin",
    price: 45,
    currency: "EUR",
    available_tickets: 500,
    on_sale_at: inFuture(-HOUR),
    off_sale_at: inFuture(240 * HOUR),
    status: "published",
    on_sale: true,
    seat_map: null,
    server_time: inFuture(0),
    seated: false,
    waiting_room: "none",
    poster_url: "/api/events/1/poster.svg?v=1",
    description: "An evening of standards.",
    ticket_types: [aTicketType()],
    refundable_until: "2030-04-27T17:30:00Z",
    cancellation_fee_percent: 10,
    ...part,
  };
}

/** Somebody who is twelfth of forty. */
export function aPlace(part: Partial<Place> = {}): Place {
  return {
    event_id: 1,
    state: "waiting",
    position: 12,
    waiting: 40,
    estimate_seconds: { from: 130, to: 230 },
    opens_at: null,
    poll_after_seconds: 2,
    admission: null,
    admission_expires_at: null,
    place: "signed",
    ...part,
  };
}

/** Two rows of `width` free seats; ids 1 to `width` in row A, from `width` + 1 in row B. */
export function someSeats(width: number, part: (seat: Seat) => Partial<Seat> = () => ({})): Seat[] {
  return Array.from({ length: 2 * width }, (_, index) => {
    const row = index < width ? "A" : "B";
    const seat: Seat = {
      id: index + 1,
      section: "Stalls",
      row,
      number: (index % width) + 1,
      price: 45,
      state: "free",
    };
    return { ...seat, ...part(seat) };
  });
}

export function aBasket(part: Partial<Basket> = {}): Basket {
  return {
    basket_id: "5b5c1f6e-0000-4000-8000-000000000001",
    event_id: 1,
    quantity: 2,
    expires_at: inFuture(10 * 60_000),
    extended: false,
    items: [
      {
        id: "5b5c1f6e-0000-4000-8000-000000000002",
        event_id: 1,
        event_name: "Jazz Night",
        starts_at: "2030-05-04T17:30:00Z",
        timezone: "Europe/Berlin",
        venue: "Blue Room",
        ticket_type_id: 11,
        ticket_type: "Standing",
        quantity: 2,
        unit_price: 45,
        price: 90,
        seats: [],
        refundable_until: "2030-04-27T17:30:00Z",
        cancellation_fee_percent: 10,
      },
    ],
    total: 90,
    currency: "EUR",
    ...part,
  };
}

export function anOrder(part: Partial<Order> = {}): Order {
  return {
    order_id: "0198c0de-0000-7000-8000-000000000001",
    order_number: "00000001",
    created_at: inFuture(0),
    status: "paid",
    total: 90,
    currency: "EUR",
    email: "robin@example.com",
    name: null,
    basket_id: null,
    held_until: null,
    payment: { status: "succeeded", failure: null, payment_url: null },
    tickets: [1, 2].map((place) => ({
      code: `c0de${place}`,
      svg_url: `/api/tickets/c0de${place}.svg?token=t`,
      pdf_url: `/api/tickets/c0de${place}.pdf?token=t`,
      state: "valid",
      event_id: 1,
      event_name: "Jazz Night",
      starts_at: "2030-05-04T17:30:00Z",
      timezone: "Europe/Berlin",
      venue: "Blue Room",
      city: "Berlin",
      ticket_type: "Standing",
      seat: null,
      price: 45,
    })),
    refunds: [],
    cancellable: true,
    refundable_until: "2030-04-27T17:30:00Z",
    cancellation_refund: 81,
    cancellation_fee: 9,
    calendar_url: "/api/orders/0198c0de-0000-7000-8000-000000000001/calendar.ics?token=t",
    ...part,
  };
}

export function aBudget(part: Partial<Budget> = {}): Budget {
  return {
    slo: "availability",
    title: "Requests answered well",
    journey: "book",
    journey_title: "Hold tickets and pay for them",
    target: 0.999,
    left: 0.749,
    tier: { verdict: "allow", excepted: [] },
    error_ratio: 0.000251,
    measured: 1,
    burn: [
      { window: "1h", rate: 0.25, limit: 13.44 },
      { window: "6h", rate: 0.5, limit: 5.6 },
    ],
    history: [null, 0.5, 1, 20, 0.25],
    ...part,
  };
}

export function aStatus(part: Partial<Status> = {}): Status {
  return {
    service: "aegistickets",
    now: "2030-05-04T17:30:00Z",
    objectives: {},
    prometheus: "connected",
    advice: null,
    window: "28d",
    budgets: [aBudget()],
    history: { start: "2030-05-04T17:26:00Z", step_seconds: 60, window: "1h" },
    alerts: [],
    invariants: { broken: [], checked_at: "2030-05-04T17:29:55Z", known: true },
    ...part,
  };
}
