"""Tasks: stimuli and targets that networks are trained and tested on."""

if not __name__.startswith("neurobridge."):
    raise ImportError("import this package as neurobridge.tasks, never as 'tasks'")
