"""One chart for each thing that is applied by itself; `ticketing.build` says in which order."""
