// The end of a test: all figures as JSON into the file that SUMMARY names, and on the console what was not kept.

export const handleSummary = (data) => ({
  stdout: verdict(data.metrics),
  ...(__ENV.SUMMARY ? { [__ENV.SUMMARY]: JSON.stringify(data) } : {}),
});

const verdict = (metrics) => {
  const missed = [];
  for (const [name, metric] of Object.entries(metrics)) {
    for (const [limit, { ok }] of Object.entries(metric.thresholds || {})) {
      if (!ok) missed.push(`  missed: ${name} ${limit}, measured ${JSON.stringify(metric.values)}`);
    }
  }
  return `${[...missed.sort(), missed.length ? "The promise was not kept." : "The promise was kept."].join("\n")}\n`;
};
