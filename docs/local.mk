# docs: prose and man pages.
