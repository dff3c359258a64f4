export interface EventSummary {
  readonly id: number;
  readonly name: string;
  readonly date: string;
  readonly starts_at: string;
  readonly timezone: string;
  readonly venue: string;
  readonly city: string;
  /** The lowest there is; null when nothing is for sale at all. */
  readonly price: number | null;
  readonly currency: string;
  readonly available_tickets: number;
  readonly on_sale_at: string | null;
  readonly off_sale_at: string | null;
  readonly status: "published" | "cancelled";
  readonly seated: boolean;
  readonly poster_url: string;
}

export interface EventPage {
  readonly events: readonly EventSummary[];
  readonly count: number;
  readonly total: number;
  readonly page: number;
}

export interface TicketType {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly price: number;
  readonly currency: string;
  readonly available: number;
  readonly on_sale_at: string;
  readonly off_sale_at: string;
  readonly max_per_order: number;
  readonly seated: boolean;
}

export interface EventDetail extends EventSummary {
  readonly description: string;
  readonly ticket_types: readonly TicketType[];
  readonly refundable_until: string;
  readonly cancellation_fee_percent: number;
}

export type SeatState = "free" | "held" | "sold";

export interface Seat {
  readonly id: number;
  readonly section: string;
  readonly row: string;
  readonly number: number;
  readonly price: number;
  readonly state: SeatState;
}

/** version: goes up with every change of a seat. */
export interface SeatList {
  readonly seats: readonly Seat[];
  readonly version: number;
}

export interface BasketItem {
  readonly id: string;
  readonly event_id: number;
  readonly event_name: string;
  readonly starts_at: string;
  readonly timezone: string;
  readonly venue: string;
  readonly ticket_type_id: number;
  readonly ticket_type: string;
  readonly quantity: number;
  readonly unit_price: number;
  /** Of all the line's tickets. */
  readonly price: number;
  readonly seats: readonly { readonly id: number; readonly row: string; readonly number: number }[];
  readonly refundable_until: string;
  readonly cancellation_fee_percent: number;
}

export interface Basket {
  readonly basket_id: string;
  readonly expires_at: string;
  readonly extended: boolean;
  readonly items: readonly BasketItem[];
  readonly total: number;
  readonly currency: string;
}

export interface Ticket {
  readonly code: string;
  readonly svg_url: string;
  /** All tickets of the order, whichever ticket is asked. */
  readonly pdf_url: string;
  readonly state: "valid" | "checked_in" | "void";
  readonly event_id: number;
  readonly event_name: string;
  readonly starts_at: string;
  readonly timezone: string;
  readonly venue: string;
  readonly city: string;
  readonly ticket_type: string;
  /** "row C, seat 14"; null in general admission. */
  readonly seat: string | null;
  readonly price: number;
}

/** pending: waits for its payment; lapsed: was never paid, its tickets went back on sale. */
export type OrderStatus = "pending" | "paid" | "cancelled" | "lapsed";

export interface Refund {
  readonly amount: number;
  readonly status: "due" | "in_transit" | "done" | "failed";
}

/** The latest payment: `failure` is why the last try was refused, `payment_url` where to try again. */
export interface PaymentState {
  readonly status: "created" | "processing" | "succeeded" | "failed" | "cancelled";
  readonly failure: string | null;
  readonly payment_url: string | null;
}

export interface Order {
  readonly order_id: string;
  readonly order_number: string;
  readonly status: OrderStatus;
  readonly total: number;
  readonly currency: string;
  readonly email: string | null;
  readonly name: string | null;
  /** With `held_until`: the tickets are still held for another try to pay. */
  readonly basket_id: string | null;
  readonly held_until: string | null;
  readonly payment: PaymentState | null;
  readonly tickets: readonly Ticket[];
  readonly refunds: readonly Refund[];
  readonly cancellable: boolean;
  readonly refundable_until: string | null;
  readonly cancellation_fee: number | null;
  readonly calendar_url: string;
}

/** What checkout answers: `payment_url` while the customer still has to pay. */
export interface CheckoutResult {
  readonly order_id: string;
  readonly order_token: string;
  readonly status: "paid" | "pending";
  readonly payment_url?: string | null;
}
