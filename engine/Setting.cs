using System.Runtime.CompilerServices;
using System.Text.Json;

namespace EDA.Engine;

/// <summary>The checks that settings pass where they enter; the name is that of the property being set.</summary>
internal static class Setting
{
    public static int Range(int value, int least, int most = int.MaxValue, [CallerMemberName] string name = "") =>
        value >= least && value <= most ? value : throw Refused(name, value, $"a whole number {Between(least, most, int.MaxValue)}");

    public static long Range(long value, long least, long most, [CallerMemberName] string name = "") =>
        value >= least && value <= most ? value : throw Refused(name, value, $"a whole number {Between(least, most, long.MaxValue)}");

    public static double Positive(double value, double most = double.MaxValue, [CallerMemberName] string name = "") =>
        value > 0 && value <= most
            ? value
            : throw Refused(name, value, most == double.MaxValue ? "a finite number above 0" : $"a number above 0 and at most {most}");

    public static double Share(double value, bool oneAllowed, [CallerMemberName] string name = "") =>
        value >= 0 && (value < 1 || (oneAllowed && value == 1))
            ? value
            : throw Refused(name, value, oneAllowed ? "a number from 0 to 1" : "a number from 0 to below 1");

    public static double Between(double value, double above, double below, [CallerMemberName] string name = "") =>
        value > above && value < below ? value : throw Refused(name, value, $"a number above {above} and below {below}");

    public static T Known<T>(T value, [CallerMemberName] string name = "")
        where T : struct, Enum =>
        Enum.IsDefined(value)
            ? value
            : throw Refused(name, value, "one of " + string.Join(", ", Enum.GetNames<T>().Select(Camel)));

    public static T Given<T>(T? value, [CallerMemberName] string name = "")
        where T : class => value ?? throw Refused(name, null, "a value");

    public static string Camel(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);

    private static InvalidSettingException Refused(string name, object? value, string allowed) => new(Camel(name), value, allowed);

    private static string Between(long least, long most, long unbounded) =>
        most == unbounded ? $"of at least {least}" : $"from {least} to {most}";
}
