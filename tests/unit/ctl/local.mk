# Unit tests of ctl/, one program a module.
