"""What everything stands on: schedules as data, exact time, one program a structure."""
