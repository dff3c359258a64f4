/** What the API answers, by the names that the shop uses; schema.d.ts is made from its document by `npm run api`. */
import type { components } from "./schema.d.ts";

type Schemas = components["schemas"];
/** What is sent: all but these fields may be left to the API. */
type Asking<Body, Needed extends keyof Body> = Pick<Body, Needed> & Partial<Omit<Body, Needed | "items">>;

export type EventSummary = Schemas["EventSummary"];
export type EventPage = Schemas["EventList"];
export type EventDetail = Schemas["EventDetail"];
export type Place = Schemas["PlaceView"];
export type TicketType = Schemas["TicketTypeView"];
export type SeatList = Schemas["SeatListView"];
export type Seat = SeatList["seats"][number];
export type NewHold = Asking<Schemas["NewHold"], "event_id">;
export type Basket = Schemas["BasketView"];
export type BasketItem = Schemas["BasketItem"];
export type NewCheckout = Asking<Schemas["Checkout"], "payment"> & { readonly items?: readonly SeenItem[] };
export type SeenItem = Asking<Schemas["CheckoutItem"], "event_id">;
export type CheckoutResult = Schemas["CheckoutView"];
export type Order = Schemas["OrderAnswer"];
export type OrderStatus = Order["status"];
export type Ticket = Schemas["TicketDetail"];
export type Status = Schemas["StatusView"];
export type Budget = Schemas["BudgetView"];
export type Tier = Schemas["TierView"];
export type History = Schemas["HistoryView"];
export type FiringAlert = Schemas["AlertView"];
export type Invariants = Schemas["InvariantsView"];
