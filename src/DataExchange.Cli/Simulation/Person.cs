namespace DataExchange.Cli.Simulation;

/// <summary>One synthetic person. Every trait follows from the seed and the person's index, whatever was asked before.</summary>
/// <param name="Hash">What the traits are drawn from.</param>
/// <param name="Number">Canonical cn-resident number.</param>
internal readonly record struct Person(ulong Hash, string Number, DateOnly Birth, bool Male)
{
    private static readonly string[] MaritalStatuses = ["single", "married", "divorced", "widowed"];
    private static readonly string[] Degrees = ["none", "primary", "lower-secondary", "upper-secondary", "bachelor", "master", "doctor"];
    private const string Surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余";
    private const string GivenOfMen = "伟强磊军勇杰涛明超刚平辉鹏华飞波斌宇浩凯健俊帆旭宁博峰建志文";
    private const string GivenOfWomen = "芳娜敏静丽艳娟霞秀兰燕玲桂英萍红玉梅莉云洁琳雪慧颖倩婷雅晶文";

    private static readonly DateTimeOffset FirstRegistration = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private const long RegistrationSeconds = 25L * 365 * 24 * 60 * 60;

    private enum Trait : ulong
    {
        Registration,
        Surname,
        GivenName,
        SecondGivenName,
        MaritalStatus,
        MaritalDays,
        MonthsPaid,
        OwnsHome,
        Degree,
        Income,
    }

    /// <summary>Since when the departments have known the person, in this century.</summary>
    public DateTimeOffset RegisteredAt => FirstRegistration.AddSeconds(Draw(Trait.Registration, RegistrationSeconds));

    public string FullName
    {
        get
        {
            var given = Male ? GivenOfMen : GivenOfWomen;
            var second = (int)Draw(Trait.SecondGivenName, given.Length * 2);
            ReadOnlySpan<char> name =
            [
                Surnames[(int)Draw(Trait.Surname, Surnames.Length)],
                given[(int)Draw(Trait.GivenName, given.Length)],
                second < given.Length ? given[second] : ' ',
            ];
            return new string(name.TrimEnd(' '));
        }
    }

    public string District => Number[..6];

    public string MaritalStatus => MaritalStatuses[MaritalRank];

    /// <summary>The birth of those who never married, else 20 to 50 years later.</summary>
    public DateOnly MaritalStatusSince => MaritalRank == 0 ? Birth : Birth.AddYears(20).AddDays((int)Draw(Trait.MaritalDays, 30 * 365));

    public long MonthsPaid => Draw(Trait.MonthsPaid, 40 * 12 + 1);

    public bool OwnsHome => Draw(Trait.OwnsHome, 100) < 63;

    public string Degree => Degrees[DegreeRank];

    /// <summary>A year, in fen; a degree more is worth 18,000 yuan more.</summary>
    public long IncomeFen => ((24_000L + (18_000L * DegreeRank)) * 100) + Draw(Trait.Income, 60_000_00);

    private int MaritalRank => Draw(Trait.MaritalStatus, 100) switch { < 24 => 0, < 84 => 1, < 92 => 2, _ => 3 };

    private int DegreeRank => Draw(Trait.Degree, 100) switch { < 4 => 0, < 28 => 1, < 62 => 2, < 79 => 3, < 96 => 4, < 99 => 5, _ => 6 };

    private long Draw(Trait trait, long below) => SeededHash.Below(SeededHash.Of(Hash, (ulong)trait), below);
}
