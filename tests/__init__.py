"""The test suite. Helpers are imported as ``tests.data``, ``tests.requirements`` and so on."""
