using DataExchange.Adapter;
using DataExchange.Hosting;

namespace Company.Adapter;

/// <summary>The department's process: what it reads from, and how it meets the hub (appsettings.json).</summary>
public static class Adapter
{
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        builder.AddDepartmentAdapter().AddChangeSource<RegisterSource>();
        builder.AddExchangeTelemetry("my-department");
        var app = builder.Build();
        app.UseManagementPort();
        return app.MapDepartmentAdapter();
    }
}
