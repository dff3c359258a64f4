import { startShop } from "./shop.ts";

/**
 * One shop for all tests; SHOP_URL says where. A shop that already runs can be named by BASE_URL, and its database by
 * DATABASE_URL.
 */
// biome-ignore lint/style/noDefaultExport: Playwright takes its global set-up as the default export
export default async function setUp(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.BASE_URL) {
    process.env.SHOP_URL = process.env.BASE_URL;
    process.env.SHOP_DATABASE_URL = process.env.DATABASE_URL;
    return undefined;
  }
  const shop = await startShop();
  process.env.SHOP_URL = shop.url;
  process.env.SHOP_DATABASE_URL = shop.databaseUrl;
  return shop.stop;
}
