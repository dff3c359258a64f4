/**
 * The Chromium that tests and pictures use: `chromium` on PATH, else the one that npm brought, which needs no root,
 * no shared library and no font of the machine's.
 */
import { execFileSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import type { LaunchOptions } from "@playwright/test";

const MODULES = fileURLToPath(new URL("../node_modules/", import.meta.url));
const PACKED = join(MODULES, "@sparticuz/chromium/bin");
const UNPACKED = join(MODULES, ".cache/chromium");

export function launchOptions(): LaunchOptions {
  // Without a sandbox, because containers and root cannot have one; it only ever opens this shop.
  const args = ["--no-sandbox", "--font-render-hinting=none"];
  const installed = onPath("chromium");
  return installed ? { executablePath: installed, args } : { ...brought(), args };
}

function onPath(program: string): string | undefined {
  const places = (process.env.PATH ?? "").split(delimiter).map((directory) => join(directory, program));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function brought(): LaunchOptions {
  if (!existsSync(UNPACKED)) {
    unpack();
  }
  return {
    executablePath: join(UNPACKED, "chromium"),
    env: {
      ...definedEnv(),
      LD_LIBRARY_PATH: join(UNPACKED, "lib"),
      FONTCONFIG_FILE: join(UNPACKED, "fonts.conf"),
    },
  };
}

/** Unpacks beside the final place and renames, so that nobody ever starts half a browser. */
function unpack(): void {
  mkdirSync(join(MODULES, ".cache"), { recursive: true });
  const directory = mkdtempSync(`${UNPACKED}-`);
  const open = (file: string) => brotliDecompressSync(readFileSync(join(PACKED, file)));
  writeFileSync(join(directory, "chromium"), open("chromium.br"), { mode: 0o755 });
  for (const archive of ["al2023.tar.br", "fonts.tar.br"]) {
    execFileSync("tar", ["-x", "-C", directory], { input: open(archive) });
  }
  const fonts = `<fontconfig><dir>${UNPACKED}</dir><cachedir>${UNPACKED}/fonts-cache</cachedir></fontconfig>`;
  writeFileSync(join(directory, "fonts.conf"), `<?xml version="1.0"?>\n${fonts}\n`);
  try {
    renameSync(directory, UNPACKED);
  } catch {
    // Another run was faster: its browser is as good.
    rmSync(directory, { recursive: true });
  }
}

function definedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
