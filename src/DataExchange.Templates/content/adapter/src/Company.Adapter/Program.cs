var builder = WebApplication.CreateBuilder(args);
await using var app = Company.Adapter.Adapter.Build(builder);
await app.RunAsync();
