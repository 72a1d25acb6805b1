# deploy: what gets Fairlead onto machines.
