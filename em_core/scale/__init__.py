"""The same fits, quick and large; nothing here changes what a fit finds, and it can be read last.

`known` says for exactly which models there is a quick way, and `em_core.fit` asks it. `sweeps` is
the loop of passes over the data and its acceleration; `coins` and `gaussians` are what one pass is
for these models; `chunks` are data in pieces (on a cluster: `em_core.on_dask`); `threads` takes all
cores.
"""
