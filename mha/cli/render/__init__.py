"""The only printer: reports become text for people, or JSON for programs.

Answers go to stdout, remarks to stderr. Each function that takes part in a
command's exit code returns it. Each command imports the one module that it needs.
"""
