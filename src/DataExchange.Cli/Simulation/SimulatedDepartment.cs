using System.Globalization;
using DataExchange.Contracts;

namespace DataExchange.Cli.Simulation;

/// <summary>One attribute of the simulation: what its department declares in the catalogue, and the value of each person.</summary>
internal sealed record SimulatedAttribute(AttributeId Id, string Title, Wire.ValueType Type, Func<Person, Wire.Value> ValueOf)
{
    /// <summary>The simulation has no live source, so the hub holds all its values.</summary>
    public static Wire.Holding Holding => Wire.Holding.Held;
}

/// <summary>One of the six departments, each with its attributes: eight for every person in all.</summary>
internal sealed record SimulatedDepartment(DepartmentId Id, string Name, IReadOnlyList<SimulatedAttribute> Attributes)
{
    public static IReadOnlyList<SimulatedDepartment> All { get; } =
    [
        Of("household", "Household register",
            ("full-name", "Full name", Wire.ValueType.Text, person => new() { Text = person.FullName }),
            ("district", "District of registration", Wire.ValueType.Code, person => new() { Code = person.District })),
        Of("marriage", "Marriage register",
            ("marital-status", "Marital status", Wire.ValueType.Code, person => new() { Code = person.MaritalStatus }),
            ("status-since", "Marital status since", Wire.ValueType.Date, person => new() { Date = DateOf(person.MaritalStatusSince) })),
        Of("social-insurance", "Social insurance",
            ("months-paid", "Months of contributions", Wire.ValueType.Integer, person => new() { Integer = person.MonthsPaid })),
        Of("housing", "Housing register",
            ("owns-home", "Owns a home", Wire.ValueType.Flag, person => new() { Flag = person.OwnsHome })),
        Of("tax", "Tax administration",
            ("taxable-income", "Taxable income of the year, yuan", Wire.ValueType.Decimal, person => new() { Decimal = Yuan(person.IncomeFen) })),
        Of("education", "Education register",
            ("highest-degree", "Highest degree", Wire.ValueType.Code, person => new() { Code = person.Degree })),
    ];

    private static SimulatedDepartment Of(
        string id, string name, params (string Name, string Title, Wire.ValueType Type, Func<Person, Wire.Value> ValueOf)[] attributes)
    {
        var department = DepartmentId.Parse(id);
        return new SimulatedDepartment(department, name,
            [.. attributes.Select(a => new SimulatedAttribute(new AttributeId(department, a.Name), a.Title, a.Type, a.ValueOf))]);
    }

    private static Wire.Date DateOf(DateOnly day) => new() { Year = day.Year, Month = day.Month, Day = day.Day };

    private static string Yuan(long fen) => string.Create(CultureInfo.InvariantCulture, $"{fen / 100}.{fen % 100:00}");
}
