module tailrace.example/targets

go 1.19
