"""One chart for each thing that is applied by itself; `ticketing.build` says in which order.

A chart says what runs; how pods of that kind are made is the business of workloads and pods.
"""
