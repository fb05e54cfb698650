namespace CsiTcmu.Doctor;

/// <summary>How a check ended.</summary>
internal enum Verdict
{
    /// <summary>Nothing to do.</summary>
    Fine,

    /// <summary>Works, but less well than it could.</summary>
    Weak,

    /// <summary>The driver cannot work like this.</summary>
    Bad,
}

/// <summary>One row of the doctor's table.</summary>
/// <param name="Check">What was looked at.</param>
/// <param name="Verdict">How it ended.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Fix">The command or change that mends it; empty when there is nothing to mend.</param>
internal sealed record Finding(string Check, Verdict Verdict, string Detail, string Fix = "");
