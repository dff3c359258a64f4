"""The AWS side: `settings` say what an environment is, `stacks` what it is made of, `constructs` how a part is made.

Names that manifests, tools and pipelines share with the stacks stand here.
"""
