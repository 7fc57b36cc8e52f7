using System.Globalization;

namespace EDA.Engine;

/// <summary>
/// A setting has a value that is not allowed: a mistake of the user, not of the program. The message is one
/// line that names the setting, the value and what is allowed.
/// </summary>
public sealed class InvalidSettingException : ArgumentException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="setting">The setting's name, as the user writes it.</param>
    /// <param name="value">The refused value.</param>
    /// <param name="allowed">What is allowed, to stand after "allowed is".</param>
    public InvalidSettingException(string setting, object? value, string allowed)
        : base($"{setting} is {Show(value)}; allowed is {allowed}")
    {
        Setting = setting;
        Value = value;
        Allowed = allowed;
    }

    /// <summary>The setting's name.</summary>
    public string Setting { get; }

    /// <summary>The refused value.</summary>
    public object? Value { get; }

    /// <summary>What is allowed.</summary>
    public string Allowed { get; }

    private static string Show(object? value) => value switch
    {
        null => "not set",
        string text => $"'{OneLine.Of(text)}'",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? string.Empty,
    };
}
