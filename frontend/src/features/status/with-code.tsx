/** Text in which what stands between backquotes is to be typed. */
export function WithCode({ text }: { readonly text: string }) {
  return text.split("`").map((part, place) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text never move
    place % 2 === 1 ? <code key={place}>{part}</code> : part,
  );
}
